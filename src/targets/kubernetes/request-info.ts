/** What a request to an API server is about, as the server itself derives it (k8s.io/apiserver, `RequestInfo`). */
export type RequestInfo = {
  isResource: boolean;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, … ; the method in lower case where it is no resource. */
  verb: string;
  /** Empty for the core group. */
  group: string;
  version: string;
  resource: string;
  subresource: string;
  /** Empty where there is none, or where it is about all. */
  namespace: string;
  name: string;
  /** Decoded segments. */
  segments: readonly string[];
};
