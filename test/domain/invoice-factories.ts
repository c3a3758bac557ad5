/** Valid invoices and bills that each test changes in one place. */
import type { Bill, Invoice, InvoiceLine } from '../../src/domain/invoice.js'

export function anInvoice(fields: Partial<Invoice> = {}): Invoice {
  return {
    id: 'i1',
    invoiceNumber: 'INV-1',
    supplierId: 's1',
    supplierCode: 'ACME',
    transactionDate: '2026-03-01T05:00:00Z',
    dueDate: '2026-03-31T04:00:00Z',
    currencyCode: 'USD',
    exchangeRate: '1',
    amount: '100',
    foreignCurrencyAmount: '100',
    debitMemo: false,
    booked: true,
    paid: false,
    status: 'Open',
    poId: null,
    poNumber: null,
    createdDate: '2026-03-02T10:00:00.1234567Z',
    modifiedDate: '2026-03-02T10:00:00.1234567Z',
    lines: [aLine('100'), control('-100')],
    ...fields,
  }
}

/** A distribution line of this amount: a debit, or a credit where it is negative. `base` = another amount in base currency. */
export function aLine(amount: string, { base = amount, taxes = [] as readonly string[] } = {}): InvoiceLine {
  const side = (value: string, isDebit: boolean) => (value.startsWith('-') === isDebit ? '0' : value.replace('-', ''))
  return {
    accountId: 'a1',
    accountNumber: '61200-010',
    description: 'Goods as ordered',
    debit: side(base, true),
    credit: side(base, false),
    currencyDebit: side(amount, true),
    currencyCredit: side(amount, false),
    receiptId: null,
    offset: false,
    taxes: taxes.map((taxAmount) => ({ taxAmount })),
  }
}

/** The payables control row. */
export function control(amount: string): InvoiceLine {
  return { ...aLine(amount), accountNumber: '20100-000', offset: true }
}

export function aBill(fields: Partial<Bill> = {}): Bill {
  return {
    id: 'b1',
    number: 'INV-1',
    vendorId: '7',
    vendorName: 'Acme',
    invoiceDate: '2026-03-01',
    dueDate: '2026-03-31',
    total: '100.0',
    currency: 'USD',
    status: '2',
    modifiedAt: '2026-03-03T10:00:00.123456Z',
    ...fields,
  }
}
