import { posix } from 'node:path';
import { at, type Check } from './fault.ts';
import { type Document, readDocument } from './markdown.ts';
import { isThere, placesOf, type Repository } from './repository.ts';
import { isShell, readShell } from './shell.ts';

/** Every link leads to something that is there, and to a heading that is there; what another site holds is not looked at. */
export function linksLead(repository: Repository): Check {
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (path: string) => {
    const known = anchors.get(path) ?? readDocument(path, repository.read(path)).anchors;
    anchors.set(path, known);
    return known;
  };
  return (document) =>
    document.links.flatMap(({ text, line }) => {
      if (/^(https?:|mailto:)/.test(text)) return [];
      const [target = '', anchor] = decodeURI(text).split('#');
      const path = target === '' ? document.path : posix.join(posix.dirname(document.path), target);
      if (target !== '' && !isThere(repository, path))
        return [at(document, line, `the link leads to ${path}, which is not there`)];
      const there = target === '' ? document.anchors : path.endsWith('.md') ? anchorsOf(path) : undefined;
      const ends = anchor === undefined || there === undefined || there.has(anchor);
      return ends ? [] : [at(document, line, `${path} has no heading #${anchor}`)];
    });
}

const FILE = /^[\w.@~-]+(\/[\w.@~-]+)*\.(ts|tf|md|sql|yaml|yml|json|hcl|sh|js|css|mts|pem|txt|html|ndjson|log)$/;

/** Folders that a script of the document has its reader make. */
const madeIn = ({ blocks }: Document) =>
  blocks
    .filter(({ lang }) => isShell(lang))
    .flatMap(({ code }) => readShell(code).commands)
    .flatMap(({ words: [program, ...rest] }) => (program === 'mkdir' ? rest : []));

/**
 * Every path of this repository in backticks is there, from the root or from the document's own folder. What the product itself writes
 * (a bundle's files, the stand's) is there where the product's sources name it.
 */
export function pathsExist(repository: Repository, sources: ReadonlySet<string>): Check {
  const tops = new Set([...repository.folders].map((folder) => folder.split('/')[0]));
  const isPath = (text: string) =>
    FILE.test(text) || (/^[\w.@-]+\/[\w./@-]*$/.test(text) && tops.has(text.split('/')[0]));
  const isWritten = (text: string) =>
    /\.(json|ndjson|sql|sig|pem|html|txt|csv|log)$/.test(text) &&
    sources.has(posix.basename(text)) &&
    !tops.has(text.split('/')[0]);
  return (document) =>
    document.spans
      .filter(({ text }) => isPath(text) && !isWritten(text) && !madeIn(document).includes(text.split('/')[0] ?? ''))
      // A link whose text is the end of the path that it leads to.
      .filter(({ text }) => !document.links.some((link) => link.text.endsWith(text)))
      .filter(({ text }) => !placesOf(document.path, text).some((place) => isThere(repository, place)))
      .map(({ text, line }) => at(document, line, `there is no ${text}`));
}
