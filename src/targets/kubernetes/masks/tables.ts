import { isSuspicious, type JsonMask, type Rule, readPath } from '../../../masking/masking.ts';
import type { RequestInfo } from '../request-info.ts';
import { isBuiltIn } from './rules.ts';
import { CREDENTIAL } from './sentinel.ts';

/** Columns that hold nothing of an object's own, in Tables of any resource. */
const harmless =
  /^(?:name|namespace|age|ready|status|state|phase|created at|reason|replicas|desired|current|available|up-to-date|version)$/i;

function columnsIn(json: string): readonly { name: string; type: string; format: string }[] {
  const columns: unknown = parsed(json);
  if (!Array.isArray(columns)) return [];
  return columns.map((column: unknown) => ({
    ...{ name: said(column, 'name'), type: said(column, 'type'), format: said(column, 'format') },
  }));
}

/** What is no JSON is refused when it is read; here it says nothing. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function said(of: unknown, name: string): string {
  const value: unknown = typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
  return typeof value === 'string' ? value : '';
}

const mostColumns = 200;
const secret: JsonMask = { path: 'cells', class: CREDENTIAL, transform: 'redact' };

/**
 * What is masked in the cells of a Table. Those of Kubernetes' own kinds are printed by the server from what holds no secret; events tell what goes
 * on. Columns of other kinds show any field: they are masked where they are named like a secret, and all of them where fields of the
 * kind are `classified`, as none says which one it shows. In a watch later events name no column, so no cell of such a kind is shown at all.
 */
export function tableRules(
  info: RequestInfo,
  classified: JsonMask | undefined,
  isExempt: boolean,
  report: (text: string) => string,
): { rules: readonly Rule<JsonMask>[] } {
  const cells = readPath('rows[*].cells');
  const telling: Rule<JsonMask> = { steps: cells, act: { do: 'rewrite', rewrite: report } };
  if (isBuiltIn(info)) {
    const rules: Rule<JsonMask>[] = info.resource === 'events' ? [telling] : [{ steps: cells, act: { do: 'quiet' } }];
    return { rules };
  }
  if (info.verb === 'watch') {
    const mask = classified ?? (isExempt ? undefined : secret);
    return { rules: mask === undefined ? [telling] : [{ steps: cells, act: { do: 'mask', mask } }] };
  }
  const masked = new Map<string, Rule<JsonMask>>();
  const maskOf = (index: number, mask: JsonMask): Rule<JsonMask> => {
    const key = `${index} ${mask.class}`;
    const known = masked.get(key) ?? { steps: [...cells, { to: 'index', index }], act: { do: 'mask', mask } };
    masked.set(key, known);
    return known;
  };
  const ofColumns = (json: string) =>
    columnsIn(json)
      .slice(0, mostColumns)
      .flatMap(({ name, type, format }, index) => {
        if (isSuspicious(name) && !isExempt) return [maskOf(index, secret)];
        const isKnown = format === 'name' || type === 'date' || harmless.test(name);
        return classified === undefined || isKnown ? [] : [maskOf(index, classified)];
      });
  const learning: Rule<JsonMask> = { steps: readPath('columnDefinitions'), act: { do: 'learn', choose: ofColumns } };
  return { rules: [telling, learning] };
}
