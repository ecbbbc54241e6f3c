import { sha256 } from '../../model/canonical.ts';
import { csvLine } from '../../model/csv.ts';
import type { QueryParameters } from '../../platform/bigquery.ts';
import type { Manifest } from '../manifest.ts';
import { type Question, readSql } from '../questions.ts';
import { exceptionOf } from '../summary/exceptions.ts';
import type { AnsweredQuestion } from '../summary/summary.ts';
import { type BundleFile, fileOf, measuring } from './file.ts';
import { boundSql } from './known.ts';
import type { Open } from './trail.ts';

type Query = Manifest['queries'][number];
type Row = Readonly<Record<string, unknown>>;

/** The answer to one question, as files and as what the manifest and the summary say of it. */
export type Result = {
  files: readonly BundleFile[];
  query: Omit<Query, 'population' | 'chain_status'>;
  answered: AnsweredQuestion;
};

export async function resultOf(
  question: Question,
  asked: { open: Open; parameters: QueryParameters; printed: Query['parameters']; signal: AbortSignal },
): Promise<Result> {
  const { name, criteria } = question;
  const sql = boundSql(readSql(name));
  const { pages, count } = await asked.open(sql, asked.parameters);
  const rows = () => rowsOf(pages());
  const [csv, json] = [csvOf(question), jsonOf(question, asked.printed)];
  const [csvSize, jsonSize] = [measuring().add(csv.head), measuring().add(json.head)];
  const isException = exceptionOf(name);
  let [index, exceptions] = [0, 0];
  for await (const row of rows()) {
    asked.signal.throwIfAborted();
    csvSize.add(csv.line(row, index));
    jsonSize.add(json.line(row, index++));
    if (isException?.(row) === true) exceptions++;
  }
  jsonSize.add(json.tail);
  return {
    files: [
      { path: `results/${name}.csv`, ...csvSize.end(), content: () => written(rows(), csv) },
      { path: `results/${name}.json`, ...jsonSize.end(), content: () => written(rows(), json) },
      fileOf(`sql/${name}.sql`, sql),
    ],
    query: {
      name,
      question: question.question,
      criteria: [...criteria],
      sql_sha256: sha256(sql),
      parameters: asked.printed,
      rows: count,
    },
    answered: { name, question: question.question, criteria, rows: count, exceptions: isException && exceptions },
  };
}

async function* rowsOf(pages: AsyncIterable<Row[]>): AsyncGenerator<Row> {
  for await (const page of pages) yield* page;
}

type Form = { head: string; line(row: Row, index: number): string; tail: string };

async function* written(rows: AsyncIterable<Row>, { head, line, tail }: Form): AsyncGenerator<string> {
  yield head;
  let index = 0;
  for await (const row of rows) yield line(row, index++);
  yield tail;
}

function csvOf({ columns }: Question): Form {
  const names = columns.map(([name]) => name);
  return { head: csvLine(names), line: (row) => csvLine(names.map((name) => row[name])), tail: '' };
}

function jsonOf({ name, question, criteria, columns }: Question, parameters: Query['parameters']): Form {
  const said = columns.map(([column, meaning]) => ({ name: column, meaning }));
  const head = JSON.stringify({ name, question, criteria, parameters, columns: said }, null, 1);
  return {
    head: `${head.slice(0, -2)},\n "rows": [`,
    line(row, index) {
      const ordered = Object.fromEntries(columns.map(([column]) => [column, row[column] ?? null]));
      return `${index === 0 ? '' : ','}\n  ${JSON.stringify(ordered)}`;
    },
    tail: '\n ]\n}\n',
  };
}
