import { auditDefinitions } from '../../src/audit/audit.ts';
import { evidenceDefinitions } from '../../src/evidence/evidence.ts';
import { auditFactsSchema } from '../../src/model/audit-event.ts';
import { at, type Check } from './fault.ts';
import type { Document } from './markdown.ts';
import { isShell, readShell } from './shell.ts';

const { views, functions } = evidenceDefinitions('p', { audit: 'sallyport_audit', evidence: 'sallyport_evidence' });
const viewsOf = (dataset: 'audit' | 'evidence') =>
  views.filter((view) => view.dataset === dataset).map(({ name }) => name);
const inDatasets: Record<string, readonly string[]> = {
  audit: [...auditDefinitions().map(({ name }) => name), ...viewsOf('audit')],
  evidence: [...viewsOf('evidence'), ...functions.map(({ name }) => name)],
};

const eventTypes: readonly string[] = auditFactsSchema.shape.type.options;

/** Every type of event that a query of the trail asks for is one that there is. */
export const eventsExist: Check = (document) => {
  const texts = [{ text: document.prose, line: 1 }, ...document.blocks.map(({ code, line }) => ({ text: code, line }))];
  return texts.flatMap(({ text, line }) =>
    [...text.matchAll(/\btype (?:=|IN \()\s*('\w+'(?:, ?'\w+')*)/g)].flatMap(({ 1: listed = '', index }) =>
      listed
        .split(/, ?/)
        .map((quoted) => quoted.slice(1, -1))
        .filter((type) => !eventTypes.includes(type))
        .map((type) =>
          at(document, line + text.slice(0, index).split('\n').length - 1, `no event has the type ${type}`),
        ),
    ),
  );
};

/** A table that a script of the document has its reader copy another to. */
const copiedIn = ({ blocks }: Document) =>
  blocks
    .filter(({ lang }) => isShell(lang))
    .flatMap(({ code }) => readShell(code).commands)
    .flatMap(({ words }) => (words[0] === 'bq' && words[1] === 'cp' ? words.slice(-1) : []));

/** Every table, view and function of the two datasets that a document names is there; a function with the parameters that it has. */
export const tablesExist: Check = (document) => {
  const texts = [{ text: document.prose, line: 1 }, ...document.blocks.map(({ code, line }) => ({ text: code, line }))];
  const tables = texts.flatMap(({ text, line }) =>
    [...text.matchAll(/\bsallyport_(audit|evidence)\.(\w+)/g)]
      .filter(([, dataset = '', name = '']) => !inDatasets[dataset]?.includes(name))
      .filter(([named]) => !copiedIn(document).includes(named))
      .map(({ 0: name, index }) =>
        at(document, line + text.slice(0, index).split('\n').length - 1, `there is no ${name}`),
      ),
  );
  const asked = document.spans.flatMap(({ text, line }) => {
    const [, name, given = ''] = /^(?:sallyport_evidence\.)?(\w+)\(([a-z_, ]+)\)$/.exec(text) ?? [];
    const found = functions.find((one) => one.name === name);
    const wanted = found?.parameters.map((parameter) => parameter.name).join(', ');
    return found === undefined || wanted === given ? [] : [at(document, line, `${name} takes (${wanted})`)];
  });
  return [...tables, ...asked];
};
