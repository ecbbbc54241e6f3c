import { describe, expect, test } from 'vitest';
import { createSeal, createTokenKey, readSealKey } from '../../src/model/seal.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('keys of tokens', () => {
  test('a class has one key wherever it is asked for, of 256 bits', () => {
    const here = createTokenKey('the deployment’s key')('EMAIL_ADDRESS');
    const there = createTokenKey('the deployment’s key')('EMAIL_ADDRESS');

    expect(hex(here)).toBe(hex(there));
    expect(here).toHaveLength(32);
  });

  test('another class, and another deployment, have another key', () => {
    const keys = [
      createTokenKey('one')('EMAIL_ADDRESS'),
      createTokenKey('one')('PHONE_NUMBER'),
      createTokenKey('two')('EMAIL_ADDRESS'),
    ].map(hex);

    expect(new Set(keys).size).toBe(3);
  });

  test('the derivation never changes, as stored tokens would no longer be found', () => {
    const key = createTokenKey('a key')('EMAIL_ADDRESS');

    expect(hex(key)).toBe('4e0d4367a489417a73147dc9b7791d3167a47a5b014ef75ae78940064b381fbc');
  });
});

describe('the key of a deployment', () => {
  const key = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=';

  test('is the same with and without a newline at its end', () => {
    expect(readSealKey(`${key}\n`)).toBe(key);
  });

  test.each([
    ['nothing', ''],
    ['a word', 'secret'],
    ['one letter, however often', 'a'.repeat(44)],
    ['blanks', ' '.repeat(44)],
  ])('is refused where its secret holds %s, as it could be guessed', (_, text) => {
    expect(() => readSealKey(text)).toThrow('The seal key could be guessed');
  });
});

describe('sealed literals', () => {
  test('equal texts of a class are equal, and nothing else is', () => {
    const seal = createSeal('a key');

    expect(seal('EMAIL_ADDRESS', 'a@x.test')).toBe(seal('EMAIL_ADDRESS', 'a@x.test'));
    expect(seal('EMAIL_ADDRESS', 'a@x.test')).not.toBe(seal('PHONE_NUMBER', 'a@x.test'));
    expect(seal('EMAIL_ADDRESS', 'a@x.test')).not.toContain('a@x.test');
  });
});
