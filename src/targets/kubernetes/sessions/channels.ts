import { unreadable } from '../refusal.ts';

export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';

/**
 * The version that is spoken with the caller: the newest of those that both know. Refuses the older ones: the first three cannot tell an
 * exit status, and one of them sends text in place of bytes.
 */
export function agreeOn(offered: readonly string[]): string {
  const version = [V5, V4].find((known) => offered.includes(known));
  if (version === undefined) throw unreadable('upgrade', `Offer the WebSocket subprotocol ${V5} or ${V4}.`);
  return version;
}
