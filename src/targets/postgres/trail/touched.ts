import type { Mask } from '../../../model/operation.ts';
import { everyNode, type Fields, fieldsOf, namesOf, typeOf } from '../language/syntax.ts';
import { effectsOf, isWriteType, writesIn } from '../language/write-nodes.ts';
import { maskOf } from '../masks/masks.ts';
import type { Subject } from '../subject.ts';
import { namesIn } from './names.ts';
import type { Sealing } from './seal.ts';

/** Names of columns the statement speaks of; undefined where it may speak of all (`*`, a whole row). */
function columnsSpokenOf(statement: Fields, { references }: Subject): Set<string> | undefined {
  const names = new Set<string>();
  const rows = new Set(
    references.map(({ fields }) => String(fieldsOf(fields['alias'])['aliasname'] ?? fields['relname'])),
  );
  for (const { type, fields } of everyNode(statement)) {
    if (type === 'ColumnRef' || type === 'A_Indirection') {
      const path = namesOf(fields[type === 'ColumnRef' ? 'fields' : 'indirection']);
      const last = path.at(-1) ?? '';
      if (last === '*' || (type === 'ColumnRef' && rows.has(last))) return undefined;
      for (const name of path) names.add(name);
    }
    if (type === 'JoinExpr') {
      if (fields['isNatural'] === true) return undefined;
      for (const name of namesOf(fields['usingClause'])) names.add(name);
    }
    if (type === 'Alias' && fields['colnames'] !== undefined) return undefined;
    if (type === 'RangeVar' && fieldsOf(fields['alias'])['colnames'] !== undefined) return undefined;
    if ((type === 'ResTarget' || type === 'IndexElem') && typeof fields['name'] === 'string') names.add(fields['name']);
  }
  for (const write of writesIn(statement)) {
    const columns = columnsOf(write.target, references);
    for (const name of effectsOf(write, columns).inserted.keys()) names.add(name);
  }
  return isQuery(statement) ? names : undefined;
}

/** What only reads and writes rows. */
const isQuery = (statement: Fields) => {
  const type = typeOf(statement) ?? '';
  return ['SelectStmt', 'ExplainStmt'].includes(type) || isWriteType(type);
};

const columnsOf = (range: Fields, references: Subject['references']) =>
  references.find(({ fields }) => fields === range)?.relation?.columns.map(({ name }) => name) ?? [];

/** The classes of what the statement speaks of, masked or not. */
export function classesTouched(statement: Fields, subject: Subject): string[] {
  const spoken = columnsSpokenOf(statement, subject);
  const classes = new Set<string>();
  for (const relation of subject.known) {
    for (const [column, found] of subject.ground.protections(relation).classes) {
      if (spoken === undefined || spoken.has(column)) for (const className of found) classes.add(className);
    }
  }
  return [...classes].sort();
}

/** The columns it speaks of that are masked for this identity. */
export function masksOf(statement: Fields, subject: Subject): Mask[] {
  const spoken = columnsSpokenOf(statement, subject);
  const targets = new Set(writesIn(statement).map(({ target }) => target));
  return subject.references
    .filter(({ fields }) => !targets.has(fields))
    .map(({ relation }) => relation && subject.covers.get(relation))
    .filter((cover, index, all) => cover !== undefined && all.indexOf(cover) === index)
    .flatMap((cover) =>
      cover === undefined
        ? []
        : [...cover.masked]
            .filter(([column]) => spoken === undefined || spoken.has(column))
            .map(([column, className]) => maskOf(cover, column, className)),
    );
}

/** What of the statement the trail may hold. */
export function sealingFor(subject: Subject): Sealing {
  const { known, ground, parsed, references } = subject;
  const classes = new Map<string, string>();
  for (const relation of known) {
    for (const [column, [className]] of ground.protections(relation).classes)
      if (className !== undefined) classes.set(column, className);
  }
  const names = known.flatMap((relation) => relation.columns.map(({ name }) => name));
  return {
    seal: ground.context.seal,
    classes,
    unclassified: new Set(names.filter((name) => !classes.has(name))),
    doubtful: classes.size > 0 && !isQuery(parsed.statement),
    names: namesIn(ground.catalog),
    columnsOf: (range) => columnsOf(range, references),
  };
}
