import type { Risk } from '../../../model/documents.ts';

/** What makes an object dangerous: the risk it is, and words for whoever must approve it. They hold names, never values. */
export type Finding = { risk: Risk; says: string };

export const privilege = (says: string): Finding => ({ risk: 'privilege', says });
export const credential = (says: string): Finding => ({ risk: 'credential', says });
export const irreversible = (says: string): Finding => ({ risk: 'irreversible', says });

/** The finding, where it is one. */
export function when(condition: boolean, finding: Finding): Finding[] {
  return condition ? [finding] : [];
}
