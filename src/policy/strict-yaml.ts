import { type Document, LineCounter, parseDocument, visit } from 'yaml';

/** Nobody writes larger documents by hand, and Firestore holds none above 1 MiB. */
const mostCharacters = 512 * 1024;

/**
 * Reads one YAML 1.2 or JSON text. Throws, in words with a place, at everything that two readers could understand
 * differently or that grows when read: duplicate keys, anchors and aliases, tags, several documents, warnings of any kind.
 */
export function readYaml(text: string): unknown {
  if (text.length > mostCharacters) throw new Error('it is larger than 512 KiB');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    strict: true,
    lineCounter: lines,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(firstLine(problem.message));
  refuseReferences(document, lines);
  return document.toJS({ maxAliasCount: 0 });
}

function refuseReferences(document: Document.Parsed, lines: LineCounter) {
  const refuse = (what: string, offset: number | undefined) => {
    throw new Error(`${what} are not allowed, at line ${lines.linePos(offset ?? 0).line}`);
  };
  visit(document, {
    Alias: (_, node) => refuse('aliases', node.range?.[0]),
    Node: (_, node) => {
      if ('anchor' in node && node.anchor !== undefined) refuse('anchors', node.range?.[0]);
      if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) refuse('tags', node.range?.[0]);
    },
  });
}

const firstLine = (message: string) => message.split('\n', 1)[0]?.replace(/:$/, '') ?? message;
