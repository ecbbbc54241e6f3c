import { isIPv4, isIPv6 } from 'node:net';
import { vetAddress, vetName } from '../../platform/vetting.ts';
import { unreadable } from './refusal.ts';

/**
 * Where a forwarded connection goes, written in the one way that policies name it: names in lower case without the dot at their end, addresses
 * in their shortest form (RFC 5952), and IPv4 as four numbers. Refuses what resolvers read as an address though it does not look like one
 * (`127.1`, `0x7f000001`), and the addresses that mean any of the host's own.
 */
export function destinationOf({ host, port }: { host: string; port: number }): {
  host: string;
  port: number;
  name: string;
} {
  const address = host.includes(':') ? addressOf(host) : nameOf(host);
  if (address === '0.0.0.0' || address === '::')
    throw unreadable('destination', 'Name the address: this one stands for any of the host itself.');
  vetDestination(address);
  return { host: address, port, name: `${address.includes(':') ? `[${address}]` : address}:${port}` };
}

/** The host's own network is what it is asked for; its metadata server would hand out the host's own identity. */
function vetDestination(address: string) {
  if (isIPv4(address) || isIPv6(address)) vetAddress(address, { networks: ['0.0.0.0/0', '::/0'], allowLoopback: true });
  else vetName(address);
}

function addressOf(host: string): string {
  if (!isIPv6(host) || host.includes('%')) throw unreadable('destination', 'This is no IPv6 address.');
  const short = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const bytes = [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]);
  return bytes.join('.');
}

function nameOf(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  const looksNumeric = /^(\d+|0x[\da-f]*)$/.test(last);
  if (looksNumeric && !isIPv4(name)) throw unreadable('destination', 'Write an IPv4 address as four decimal numbers.');
  const isName = labels.every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/.test(label));
  if (!isName) throw unreadable('destination', 'This is neither the name of a host nor an address.');
  return name;
}
