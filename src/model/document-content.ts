import { canonicalJson, sha256 } from './canonical.ts';

/** A document's canonical JSON (RFC 8785), null where JSON cannot hold it, and the hash that stands for it. */
export type Content = { text: string | null; sha256: string };

/** What JSON cannot hold exactly cannot be a valid document either; its revision stands for its content. */
export function contentOf(document: Record<string, unknown>, revision: string): Content {
  try {
    const text = canonicalJson(document);
    return { text, sha256: sha256(text) };
  } catch {
    return { text: null, sha256: sha256(`revision ${revision}`) };
  }
}
