/**
 * The messages of `google.firestore.v1` as they arrive: defaults filled in, one-of members named by a discriminator.
 * Only the members the emulator reads are listed. Source: google/firestore/v1/*.proto in `@google-cloud/firestore-api`.
 */

export interface Timestamp {
  seconds: string;
  nanos: number;
}

interface LatLng {
  latitude: number;
  longitude: number;
}

export type Fields = Record<string, Value>;

export type Value =
  | { valueType: 'nullValue'; nullValue: 'NULL_VALUE' }
  | { valueType: 'booleanValue'; booleanValue: boolean }
  | { valueType: 'integerValue'; integerValue: string }
  | { valueType: 'doubleValue'; doubleValue: number }
  | { valueType: 'timestampValue'; timestampValue: Timestamp }
  | { valueType: 'stringValue'; stringValue: string }
  | { valueType: 'bytesValue'; bytesValue: Uint8Array }
  | { valueType: 'referenceValue'; referenceValue: string }
  | { valueType: 'geoPointValue'; geoPointValue: LatLng }
  | { valueType: 'arrayValue'; arrayValue: { values: Value[] } }
  | { valueType: 'mapValue'; mapValue: { fields: Fields } };

export interface Document {
  name: string;
  fields: Fields;
  createTime: Timestamp | null;
  updateTime: Timestamp | null;
}

export interface DocumentMask {
  fieldPaths: string[];
}

export interface Precondition {
  conditionType?: 'exists' | 'updateTime';
  exists?: boolean;
  updateTime?: Timestamp;
}

export type FieldTransform = { fieldPath: string } & (
  | { transformType: 'setToServerValue'; setToServerValue: string }
  | { transformType: 'increment'; increment: Value }
  | { transformType: 'maximum'; maximum: Value }
  | { transformType: 'minimum'; minimum: Value }
  | { transformType: 'appendMissingElements'; appendMissingElements: { values: Value[] } }
  | { transformType: 'removeAllFromArray'; removeAllFromArray: { values: Value[] } }
);

export type Write = {
  updateMask: DocumentMask | null;
  updateTransforms: FieldTransform[];
  currentDocument: Precondition | null;
} & (
  | { operation: 'update'; update: Document }
  | { operation: 'delete'; delete: string }
  | { operation: 'transform'; transform: { document: string; fieldTransforms: FieldTransform[] } }
);

export interface WriteResult {
  updateTime?: Timestamp;
  transformResults: Value[];
}

export interface FieldReference {
  fieldPath: string;
}

export type FieldOperator =
  | 'LESS_THAN'
  | 'LESS_THAN_OR_EQUAL'
  | 'GREATER_THAN'
  | 'GREATER_THAN_OR_EQUAL'
  | 'EQUAL'
  | 'NOT_EQUAL'
  | 'ARRAY_CONTAINS'
  | 'IN'
  | 'ARRAY_CONTAINS_ANY'
  | 'NOT_IN';

export type UnaryOperator = 'IS_NAN' | 'IS_NULL' | 'IS_NOT_NAN' | 'IS_NOT_NULL';

export type Filter =
  | { filterType: 'compositeFilter'; compositeFilter: { op: 'AND' | 'OR' | 'OPERATOR_UNSPECIFIED'; filters: Filter[] } }
  | {
      filterType: 'fieldFilter';
      fieldFilter: { field: FieldReference | null; op: FieldOperator | 'OPERATOR_UNSPECIFIED'; value: Value | null };
    }
  | {
      filterType: 'unaryFilter';
      unaryFilter: { field?: FieldReference; op: UnaryOperator | 'OPERATOR_UNSPECIFIED' };
    };

export interface Cursor {
  values: Value[];
  before: boolean;
}

export interface StructuredQuery {
  from: { collectionId: string; allDescendants: boolean }[];
  where: Filter | null;
  orderBy: { field: FieldReference | null; direction: 'DIRECTION_UNSPECIFIED' | 'ASCENDING' | 'DESCENDING' }[];
  select: { fields: FieldReference[] } | null;
  startAt: Cursor | null;
  endAt: Cursor | null;
  offset: number;
  limit: { value: number } | null;
  findNearest: object | null;
}

export type Aggregation = { alias: string } & (
  | { operator: 'count'; count: { upTo: { value: string } | null } }
  | { operator: 'sum'; sum: { field: FieldReference | null } }
  | { operator: 'avg'; avg: { field: FieldReference | null } }
);

export interface TransactionOptions {
  mode?: 'readOnly' | 'readWrite';
  readOnly?: { readTime?: Timestamp };
  readWrite?: { retryTransaction?: Uint8Array };
}

/** Which moment a read is asked for; none of the three means "now". */
export interface Consistency {
  transaction?: Uint8Array;
  newTransaction?: TransactionOptions;
  readTime?: Timestamp;
}

export interface GetDocumentRequest extends Consistency {
  name: string;
  mask: DocumentMask | null;
}

export interface BatchGetDocumentsRequest extends Consistency {
  database: string;
  documents: string[];
  mask: DocumentMask | null;
}

export interface ListDocumentsRequest extends Consistency {
  parent: string;
  collectionId: string;
  pageSize: number;
  pageToken: string;
  orderBy: string;
  mask: DocumentMask | null;
  showMissing: boolean;
}

export interface ListCollectionIdsRequest extends Consistency {
  parent: string;
  pageSize: number;
  pageToken: string;
}

export interface RunQueryRequest extends Consistency {
  parent: string;
  structuredQuery?: StructuredQuery;
  explainOptions: object | null;
}

export interface RunAggregationQueryRequest extends Consistency {
  parent: string;
  structuredAggregationQuery?: { structuredQuery?: StructuredQuery; aggregations: Aggregation[] };
  explainOptions: object | null;
}

export interface CommitRequest {
  database: string;
  writes: Write[];
  transaction: Uint8Array;
}

export interface BatchWriteRequest {
  database: string;
  writes: Write[];
}

export interface CreateDocumentRequest {
  parent: string;
  collectionId: string;
  documentId: string;
  document: Document | null;
  mask: DocumentMask | null;
}

export interface UpdateDocumentRequest {
  document: Document | null;
  updateMask: DocumentMask | null;
  mask: DocumentMask | null;
  currentDocument: Precondition | null;
}

export interface DeleteDocumentRequest {
  name: string;
  currentDocument: Precondition | null;
}

export interface BeginTransactionRequest {
  database: string;
  options: TransactionOptions | null;
}

export interface RollbackRequest {
  database: string;
  transaction: Uint8Array;
}

export type Target = {
  targetId: number;
  once: boolean;
  resumeToken?: Uint8Array;
  readTime?: Timestamp;
} & (
  | { targetType: 'documents'; documents: { documents: string[] } }
  | { targetType: 'query'; query: { parent: string; structuredQuery?: StructuredQuery } }
  | { targetType?: undefined }
);

export interface ListenRequest {
  database: string;
  addTarget?: Target;
  removeTarget?: number;
}
