import { type JsonMask, type Scalar, strictest, textToken } from '../../../masking/masking.ts';
import type { TokenKey } from '../../../model/seal.ts';
import { CREDENTIAL, sentinel } from './sentinel.ts';

/**
 * What stands in the place of a value in an object: always a text that is known again when it is written back, whatever the value was. Where
 * base64 is expected it is that of the mask, so that clients can decode it. Null stays: there is no value.
 */
export function createBecome(tokenKey: TokenKey) {
  return (masks: readonly JsonMask[], { json, text }: Scalar): string => {
    if (json === 'null') return json;
    const mask = strictest(masks);
    const isEncoded = masks.some(({ base64 }) => base64 === true);
    const className = mask?.class ?? CREDENTIAL;
    const stands =
      mask?.transform === 'token'
        ? textToken(plain(text ?? json, isEncoded), tokenKey(className))
        : sentinel(className);
    return JSON.stringify(isEncoded ? Buffer.from(stands).toString('base64') : stands);
  };
}

const plain = (text: string, isEncoded: boolean) => (isEncoded ? Buffer.from(text, 'base64').toString() : text);
