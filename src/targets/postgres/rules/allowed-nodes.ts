/**
 * R3: every node and every field that may stand in a query. What is not here is refused, so that a field the walk does not
 * know of can hide nothing. Written as words; a field after `:` holds an unwrapped node of the type named.
 */
const grammar = {
  SelectStmt:
    'distinctClause targetList fromClause whereClause groupClause groupDistinct havingClause windowClause valuesLists sortClause limitOffset limitCount limitOption withClause:WithClause op all larg:SelectStmt rarg:SelectStmt lockingClause intoClause:IntoClause',
  InsertStmt:
    'relation:RangeVar cols selectStmt onConflictClause:OnConflictClause returningClause:ReturningClause withClause:WithClause override',
  UpdateStmt:
    'relation:RangeVar targetList whereClause fromClause returningClause:ReturningClause withClause:WithClause',
  DeleteStmt: 'relation:RangeVar usingClause whereClause returningClause:ReturningClause withClause:WithClause',
  MergeStmt:
    'relation:RangeVar sourceRelation joinCondition mergeWhenClauses returningClause:ReturningClause withClause:WithClause',
  MergeWhenClause: 'matchKind commandType override condition targetList values',
  MergeSupportFunc: 'msftype',
  OnConflictClause: 'action infer:InferClause targetList whereClause',
  InferClause: 'indexElems whereClause conname',
  IndexElem: 'name expr ordering nulls_ordering',
  ReturningClause: 'options exprs',
  ReturningOption: 'option value',
  MultiAssignRef: 'source colno ncolumns',
  WithClause: 'ctes recursive',
  CommonTableExpr:
    'ctename aliascolnames ctematerialized ctequery search_clause:CTESearchClause cycle_clause:CTECycleClause',
  CTECycleClause: 'cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column',
  CTESearchClause: 'search_col_list search_breadth_first search_seq_column',
  ResTarget: 'name indirection val',
  ColumnRef: 'fields',
  A_Star: '',
  A_Const: 'ival fval boolval sval bsval isnull',
  A_Expr: 'kind name lexpr rexpr',
  A_ArrayExpr: 'elements',
  A_Indirection: 'arg indirection',
  A_Indices: 'is_slice lidx uidx',
  ParamRef: 'number',
  FuncCall:
    'funcname args agg_order agg_filter over:WindowDef agg_within_group agg_star agg_distinct func_variadic funcformat',
  NamedArgExpr: 'name arg argnumber',
  RangeVar: 'schemaname catalogname relname inh relpersistence alias:Alias',
  RangeSubselect: 'lateral subquery alias:Alias',
  RangeFunction: 'lateral ordinality is_rowsfrom functions alias:Alias coldeflist',
  RangeTableSample: 'relation method args repeatable',
  RangeTableFunc: 'lateral docexpr rowexpr namespaces columns alias:Alias',
  RangeTableFuncCol: 'colname typeName:TypeName for_ordinality is_not_null colexpr coldefexpr',
  JoinExpr: 'jointype isNatural larg rarg usingClause join_using_alias:Alias quals alias:Alias',
  Alias: 'aliasname colnames',
  BoolExpr: 'boolop args',
  NullTest: 'arg nulltesttype',
  BooleanTest: 'arg booltesttype',
  SubLink: 'subLinkType testexpr operName subselect',
  TypeCast: 'arg typeName:TypeName',
  TypeName: 'names typmods typemod arrayBounds setof pct_type',
  ColumnDef: 'colname typeName:TypeName is_local',
  CollateClause: 'arg collname',
  SortBy: 'node sortby_dir sortby_nulls useOp',
  CaseExpr: 'arg args defresult',
  CaseWhen: 'expr result',
  CoalesceExpr: 'args',
  MinMaxExpr: 'op args',
  RowExpr: 'args row_format colnames',
  GroupingSet: 'kind content',
  GroupingFunc: 'args',
  WindowDef: 'name refname partitionClause orderClause frameOptions startOffset endOffset',
  SQLValueFunction: 'op typmod',
  SetToDefault: '',
  XmlExpr: 'op name named_args args xmloption indent',
  XmlSerialize: 'xmloption expr typeName:TypeName indent',
  JsonObjectConstructor: 'exprs output:JsonOutput absent_on_null unique',
  JsonArrayConstructor: 'exprs output:JsonOutput absent_on_null',
  JsonArrayQueryConstructor: 'query output:JsonOutput format:JsonFormat absent_on_null',
  JsonParseExpr: 'expr:JsonValueExpr output:JsonOutput unique_keys',
  JsonScalarExpr: 'expr output:JsonOutput',
  JsonSerializeExpr: 'expr:JsonValueExpr output:JsonOutput',
  JsonKeyValue: 'key value:JsonValueExpr',
  JsonValueExpr: 'raw_expr format:JsonFormat',
  JsonFormat: 'format_type encoding',
  JsonFuncExpr:
    'op column_name context_item:JsonValueExpr pathspec passing output:JsonOutput on_empty:JsonBehavior on_error:JsonBehavior wrapper quotes',
  JsonArgument: 'val:JsonValueExpr name',
  JsonOutput: 'typeName:TypeName returning:JsonReturning',
  JsonReturning: 'format:JsonFormat typid typmod',
  JsonBehavior: 'btype expr coerce',
  JsonArrayAgg: 'constructor:JsonAggConstructor arg:JsonValueExpr absent_on_null',
  JsonObjectAgg: 'constructor:JsonAggConstructor arg:JsonKeyValue absent_on_null unique',
  JsonAggConstructor: 'output:JsonOutput agg_filter agg_order over:WindowDef',
  JsonTable:
    'context_item:JsonValueExpr pathspec:JsonTablePathSpec passing columns on_error:JsonBehavior alias:Alias lateral',
  JsonTablePathSpec: 'string name',
  JsonTableColumn:
    'coltype name typeName:TypeName pathspec:JsonTablePathSpec format:JsonFormat wrapper quotes columns on_empty:JsonBehavior on_error:JsonBehavior',
  JsonIsPredicate: 'expr item_type unique_keys format:JsonFormat',
  String: 'sval',
  Integer: 'ival',
  Float: 'fval',
  Boolean: 'boolval',
  BitString: 'bsval',
  List: 'items',
} as const;

/** Of each allowed node: its allowed fields, with the type of what they hold where that is not wrapped. */
export const allowedNodes: ReadonlyMap<string, ReadonlyMap<string, string | undefined>> = new Map(
  Object.entries(grammar).map(([type, words]) => [
    type,
    new Map(
      words
        .split(' ')
        .filter((word) => word !== '')
        .map((word) => {
          const [field = '', holds] = word.split(':');
          return [field, holds];
        }),
    ),
  ]),
);
