import type { Document } from './markdown.ts';

/** `docs/http.md:12: there is no file src/nowhere.ts`. */
export type Check = (document: Document) => string[];

export const at = ({ path }: Document, line: number, what: string) => `${path}:${line}: ${what}`;
