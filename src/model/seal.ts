import { createHmac } from 'node:crypto';

/** A text as the trail may hold it: `«CLASS:hmac»`. */
export type Seal = (className: string, text: string) => string;

/** HMAC-SHA256 cut to 128 bits: equal texts of a class can be told to be equal by whoever reads the trail, and no more without the key. */
export function createSeal(key: string): Seal {
  return (className, text) => {
    const mac = createHmac('sha256', key).update(className).update('\0').update(text).digest().subarray(0, 16);
    return `«${className}:${mac.toString('base64url')}»`;
  };
}
