import { BlockList, isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { Problem } from '../model/problem.ts';

/** An address range in CIDR notation. */
export const networkSchema = z.union([z.cidrv4(), z.cidrv6()]);

export type Vetting = {
  /** Ranges that are not public and that a name may still lead to. */
  networks: readonly string[];
  /** On a laptop, targets are on the machine itself. */
  allowLoopback: boolean;
};

/** Never: this host, link-local (where metadata servers are), multicast, and what only ever stands in for another address. */
const never = blockListOf([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** All of IPv6 that is neither global unicast (2000::/3) nor unique local, and parts of these. */
const neverOfIpv6 = blockListOf([
  ...['::/3', '4000::/2', '8000::/2', 'c000::/3', 'e000::/4', 'f000::/5', 'f800::/6', 'fe00::/7'],
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fd20:ce::/64',
]);

const loopback = blockListOf(['127.0.0.0/8', '::1/128']);

/** Only where the connection lists them. */
const inside = blockListOf(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);

/** Names of the metadata server, which hands out the gateway's own identity. */
const metadataName = /^metadata(\..*)?$|^(.*\.)?metadata\.google\.internal$|^instance-data(\..*)?$/;

/**
 * Whether a target may be reached at an address that its name was resolved to. Refuses, whatever the connection says: the metadata server, link-local,
 * multicast and translated addresses; loopback but on a laptop; and private ranges that the connection does not list (RFC 6890, RFC 6052).
 */
export function vetAddress(given: string, { networks, allowLoopback }: Vetting): void {
  const address = (isIPv6(given) && mappedIn(given)) || given;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (isIP(address) !== 0 && loopback.check(address, family)) {
    if (allowLoopback) return;
    throw refused('The target is on the gateway itself.');
  }
  if (isIP(address) === 0 || (family === 'ipv6' ? neverOfIpv6 : never).check(address, family))
    throw refused('The target is at an address that is never allowed.');
  if (inside.check(address, family) && !blockListOf(networks).check(address, family)) {
    throw refused('The target is in a private network that the connection does not list under `networks`.');
  }
}

/** Refuses names that mean the metadata server, before they are looked up. */
export function vetName(name: string): void {
  if (metadataName.test(name.toLowerCase().replace(/\.$/, ''))) {
    throw refused('The target has the name of a metadata server.');
  }
}

/** The IPv4 address within `::ffff:1.2.3.4` or `::1.2.3.4`, however it is written. */
function mappedIn(address: string): string | undefined {
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [, high, low] = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}

const refused = (detail: string) => new Problem('target-unavailable', { detail, reason: 'address-refused' });
