import type { Timestamp } from './wire.ts';

/** Microseconds since 1970 of a moment the emulator itself issued, or was asked to read at: exact up to the year 2255. */
export function toMicros(time: Timestamp): number {
  return Number(time.seconds) * 1_000_000 + Math.floor(time.nanos / 1000);
}

export function fromMicros(micros: number): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: String(seconds), nanos: (micros - seconds * 1_000_000) * 1000 };
}
