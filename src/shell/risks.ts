import type { Risk } from '../model/documents.ts';
import type { Understanding } from './reading.ts';

const undoing = /^(rm|rmdir|shred|dd|mkfs(\.\w+)?|wipefs|truncate|unlink|dropdb)$/;
const mounted =
  /\/(var\/)?run\/secrets\b|\/etc\/shadow\b|\/\.(ssh|aws|kube|docker|config\/gcloud)\b|\/proc\/[^/]+\/environ\b/;

/** What is dangerous about a command beside that it runs: that it is not certain, undoes for good, or looks at credentials. */
export function risksOf({ commands, opaque }: Understanding): Risk[] {
  const risks: Risk[] = [];
  if (opaque.length > 0) risks.push('opaque');
  if (commands.some(({ words: [program] }) => undoing.test(nameOf(program?.text ?? '')))) risks.push('irreversible');
  const texts = commands.flatMap(({ words, redirections }) => [
    ...words,
    ...redirections.flatMap(({ target }) => target ?? []),
  ]);
  if (texts.some(({ text }) => mounted.test(text))) risks.push('credential');
  return risks;
}

/** The last part of a program's path. */
export const nameOf = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

/** The names of all programs whose names are known for certain. */
export function programsOf({ commands }: Understanding): string[] {
  const names = commands.flatMap(({ words: [program] }) => (program?.literal === true ? [nameOf(program.text)] : []));
  return [...new Set(names)];
}
