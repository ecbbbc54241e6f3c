import type { Token } from './tokens.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words that no bare name can be (GoogleSQL, “Reserved keywords”), but after a dot. */
export const reserved =
  words(`ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT
  DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GRAPH_TABLE GROUP GROUPING GROUPS HASH
  HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MATCH_RECOGNIZE MERGE NATURAL NEW NO NOT NULL NULLS OF ON
  OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT
  TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN`);

/** Whether it can be a name: of a table, a column or an alias. */
export const isName = (token: Token | undefined): token is Token & { kind: 'word' | 'quoted' } =>
  token !== undefined && (token.kind === 'quoted' || (token.kind === 'word' && !reserved.has(token.key)));

/** Tokens by their number, with what each is in its place: a word after a dot is a name and no keyword. */
export type Line = {
  at(index: number): Token | undefined;
  /** The keyword or symbol there. */
  key(index: number): string;
  /** Whether it stands after a dot that is one of a path. */
  isMember(index: number): boolean;
};

export function lineOf(tokens: readonly Token[]): Line {
  const isMember = (index: number) => tokens[index]?.kind === 'word' && tokens[index - 1]?.key === '.';
  return {
    at: (index) => tokens[index],
    key: (index) => (isMember(index) ? '' : (tokens[index]?.key ?? '')),
    isMember,
  };
}
