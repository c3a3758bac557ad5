/** What planning tells the push that goes on beside it. */
export interface News {
  /** Deliveries stored since the beginning. */
  readonly stored: number
  /** Nothing more will be stored. */
  readonly isOver: boolean
  readonly tell: (stored: number) => void
  readonly end: () => void
  /** True = something was stored since this was asked last, which it waits for; false = nothing was, and nothing will be. */
  readonly next: () => Promise<boolean>
}

export function makeNews(): News {
  const state = { stored: 0, isOver: false }
  let known = 0
  let wake = (): void => undefined
  return {
    get stored() {
      return state.stored
    },
    get isOver() {
      return state.isOver
    },
    tell: (stored) => {
      state.stored += stored
      wake()
    },
    end: () => {
      state.isOver = true
      wake()
    },
    next: async () => {
      while (state.stored === known && !state.isOver) await new Promise<void>((resolve) => (wake = resolve))
      const isNew = state.stored > known
      known = state.stored
      return isNew
    },
  }
}
