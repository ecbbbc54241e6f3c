import { describe, expect, test } from 'vitest';
import { vetHost } from '../../src/platform/lookup.ts';
import { vetAddress, vetName } from '../../src/platform/vetting.ts';

const strict = { networks: [], allowLoopback: false };

describe('an address that a name leads to', () => {
  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:169.254.169.254',
    '::a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:a9fe:a9fe::1',
    'fe80::1',
    'fe80::a9fe:a9fe',
    'fd20:ce::254',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '::ffff:0:10.0.0.1',
    '::fffe:a00:1',
    '5f00::1',
    '3fff::1',
    '192.88.99.1',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '192.0.0.1',
    'not an address',
    '',
  ])('is never allowed when it is %s, whatever the connection lists', (address) => {
    const generous = { networks: ['0.0.0.0/0', '::/0'], allowLoopback: true };

    expect(() => vetAddress(address, generous)).toThrow(expect.objectContaining({ reason: 'address-refused' }));
  });

  test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:0:0:1'])(
    'is allowed on a laptop alone when it is %s',
    (address) => {
      expect(() => vetAddress(address, { networks: ['127.0.0.0/8', '::1/128'], allowLoopback: false })).toThrow();
      expect(() => vetAddress(address, { networks: [], allowLoopback: true })).not.toThrow();
    },
  );

  test.each([
    ['10.1.2.3', '10.0.0.0/8'],
    ['172.16.9.9', '172.16.0.0/12'],
    ['192.168.1.1', '192.168.1.1/32'],
    ['100.64.0.1', '100.64.0.0/10'],
    ['fd00::1', 'fd00::/8'],
    ['::ffff:10.1.2.3', '10.0.0.0/8'],
  ])('is allowed when it is %s and the connection lists %s', (address, network) => {
    expect(() => vetAddress(address, strict)).toThrow(expect.objectContaining({ reason: 'address-refused' }));
    expect(() => vetAddress(address, { ...strict, networks: [network] })).not.toThrow();
  });

  test.each(['8.8.8.8', '2606:4700::1111', '1.1.1.1', '::ffff:8.8.8.8'])(
    'is allowed when it is public: %s',
    (address) => {
      expect(() => vetAddress(address, strict)).not.toThrow();
    },
  );
});

describe('a name', () => {
  test.each([
    'metadata',
    'METADATA.google.internal',
    'metadata.google.internal.',
    'a.metadata.google.internal',
    'metadata.internal',
    'instance-data',
  ])('of a metadata server is refused: %s', (name) => {
    expect(() => vetName(name)).toThrow(expect.objectContaining({ reason: 'address-refused' }));
  });

  test('that only resembles one is not', () => {
    expect(() => vetName('my-metadata.example.com')).not.toThrow();
  });
});

describe('an address that the connection itself names', () => {
  test('is listed by that, but not beyond it', () => {
    expect(() => vetHost('10.0.0.5', strict)).not.toThrow();
    expect(() => vetHost('[fd00::5]', strict)).not.toThrow();
    expect(() => vetHost('169.254.169.254', strict)).toThrow();
    expect(() => vetHost('[::ffff:169.254.169.254]', strict)).toThrow();
    expect(() => vetHost('127.0.0.1', strict)).toThrow();
  });

  test('is found in any spelling, as URLs know but one', () => {
    for (const spelt of ['http://0x7f.1/', 'http://2130706433/', 'http://0177.0.0.1/', 'http://127.1/']) {
      expect(() => vetHost(new URL(spelt).hostname, strict)).toThrow();
    }
  });
});
