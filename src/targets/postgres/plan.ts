import type { Relation, Type } from './catalog/catalog.ts';
import type { Watch } from './catalog/drift.ts';
import type { Counting } from './changes/counting.ts';
import type { Recheck } from './definitions/recheck.ts';

/** How an understood statement is run. Only this target reads it. */
export type Plan =
  /** It is not: nothing could be proven. */
  | { access: 'none' }
  | {
      access: 'read' | 'write';
      /** The very text that goes to the server. */
      text: string;
      /** Values of the parameters that come after the caller's own: keys, so they are only ever bound. */
      bindings: () => readonly string[];
      /** Rows must not come in the order of an index, which could be that of classified values. */
      withoutIndexOrder: boolean;
      /** What it rests on in the catalog, as that was when it was understood. */
      watch: Watch;
      /** By position: the class that hides an output column, where that could be told. */
      outputs: readonly (string | undefined)[];
      typeOf: (oid: number) => Type | undefined;
      /** R13: what hides the column an output comes from; an output of which this tells anything must not leave. */
      maskedOrigin: (table: number, column: number) => string | undefined;
      /** Of a write: how many rows it would change. */
      counting?: Counting;
    }
  | {
      access: 'define';
      text: string;
      /** Where the server looks for names. */
      searchPath: readonly string[];
      watch: Watch;
      /** Tables and views that it names, which must not change meanwhile. */
      locks: readonly Relation[];
      /** Compares what is protected before it with what is protected after it. */
      recheck: Recheck;
    };
