import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Vetting, vetAddress, vetName } from './vetting.ts';

/**
 * Resolves a name once, for the connection that is being made: the addresses that it gives are vetted, and one of those is connected to, so no
 * second look-up can lead elsewhere. All of a name's addresses must be allowed.
 */
export function createLookup(vetting: Vetting): LookupFunction {
  return (name, options, done) => {
    try {
      vetName(name);
    } catch (problem) {
      done(problem as Error, []);
      return;
    }
    resolve(name, { ...options, all: true, verbatim: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      try {
        for (const { address } of addresses) vetAddress(address, vetting);
      } catch (problem) {
        return done(problem as Error, []);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}

/** A host that is an address is never looked up, so it is vetted by itself; who wrote it down has listed it. */
export function vetHost(host: string, vetting: Vetting): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) {
    vetName(host);
    return;
  }
  const itself = isIP(address) === 6 ? `${address}/128` : `${address}/32`;
  vetAddress(address, { ...vetting, networks: [...vetting.networks, itself] });
}
