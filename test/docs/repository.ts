import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** What there is, by its path from the root: files, and folders without a slash at their end. */
export type Repository = { files: ReadonlySet<string>; folders: ReadonlySet<string>; read(path: string): string };

/** Of tools and of what they leave behind. */
const passedOver = ['node_modules', '.git', '.sallyport', '.terraform', 'coverage', 'dist'];

export function readRepository(): Repository {
  const files = new Set<string>();
  const folders = new Set<string>();
  const look = (folder: string) => {
    for (const entry of readdirSync(folder || '.', { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (passedOver.includes(entry.name)) continue;
      if (entry.isFile()) files.add(path);
      if (!entry.isDirectory()) continue;
      folders.add(path);
      look(path);
    }
  };
  look('');
  return { files, folders, read: (path) => readFileSync(path, 'utf8') };
}

export const isThere = ({ files, folders }: Repository, path: string) =>
  files.has(path) || folders.has(path.replace(/\/$/, '')) || path === '.' || path === '';

/** Where a document may mean a path from: the root, or its own folder. Undefined where it leaves the repository. */
export function placesOf(document: string, path: string): string[] {
  return [path, posix.join(posix.dirname(document), path)]
    .map((place) => posix.normalize(place))
    .filter((place) => !place.startsWith('..'));
}
