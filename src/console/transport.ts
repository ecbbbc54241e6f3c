import type { z } from 'zod';
import type { Problem } from '../model/problem.ts';

/** How requests are read and problems rendered: the same here as at the gateway's API, so it is handed in. */
export type Transport = {
  /** The JSON body, strictly. Throws `bad-request` and `too-large`. */
  readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T>;
  readBearer(headers: Headers): { bearer?: string };
  /** Throws `token-in-url`. */
  refuseTokenInUrl(url: URL): void;
  renderProblem(problem: Problem): Response;
};
