import { describe, expect, test } from 'vitest';
import { guessByComment, guessByName, type Kind } from '../../../src/targets/postgres/administer/column-names.ts';

const guessOf = (name: string, kind: Kind) => {
  const [table = '', column = ''] = name.split('.');
  return guessByName({ table, column, kind })?.className;
};

describe('the name of a column', () => {
  test.each([
    ['users.emailAddress', 'text', 'EMAIL_ADDRESS'],
    ['users.E-Mail', 'text', 'EMAIL_ADDRESS'],
    ['leads.contact_phone_2', 'text', 'PHONE_NUMBER'],
    ['people.dateOfBirth', 'date', 'DATE_OF_BIRTH'],
    ['hr.SSN', 'text', 'US_SOCIAL_SECURITY_NUMBER'],
    ['hr.ssn_last4', 'text', 'US_SOCIAL_SECURITY_NUMBER'],
    ['invoices.customer_name', 'text', 'PERSON_NAME'],
    ['customers.name', 'text', 'PERSON_NAME'],
    ['orders.shipping_address_line1', 'text', 'STREET_ADDRESS'],
    ['logins.encrypted_password', 'bytes', 'CREDENTIAL'],
    ['apps.oauth_refresh_token', 'text', 'AUTH_TOKEN'],
    ['patients.gender', 'enum', 'GENDER'],
    ['payments.cardNumber', 'number', 'CREDIT_CARD_NUMBER'],
  ] as const)('%s of kind %s says %s', (name, kind, className) => {
    expect(guessOf(name, kind)).toBe(className);
  });

  test.each([
    ['users.email_sent_at', 'date'],
    ['users.email_verified', 'other'],
    ['users.phone_verified_by', 'text'],
    ['users.email_template', 'text'],
    ['users.password_changed_at', 'date'],
    ['users.address_id', 'number'],
    ['hosts.ip_address_id', 'number'],
    ['hosts.mac_address_count', 'number'],
    ['products.name', 'text'],
    ['products.brand_name', 'text'],
    ['files.file_name', 'text'],
    ['wallets.wallet_address', 'text'],
    ['payments.card_brand', 'text'],
    ['payments.card_last4', 'text'],
    ['usage.token_count', 'number'],
    ['orders.order_number', 'text'],
    ['addresses.country_code', 'text'],
    ['users.tokens_used', 'number'],
    ['events.company', 'text'],
    ['maps.span', 'text'],
  ] as const)('%s of kind %s says nothing', (name, kind) => {
    expect(guessOf(name, kind)).toBeUndefined();
  });
});

describe('a comment', () => {
  test.each([
    ['Private phone number of the employee', 'text', 'PHONE_NUMBER'],
    ['PII: do not export', 'text', 'PERSONAL_DATA'],
    ['Name of the patient', 'text', 'PERSON_NAME'],
    ['When the e-mail address was verified', 'date', undefined],
    ['Holds no personal data', 'text', undefined],
    ['Set once the password was changed', 'other', undefined],
  ] as const)('“%s” on a column of kind %s says %s', (comment, kind, className) => {
    expect(guessByComment(comment, kind)).toBe(className);
  });
});
