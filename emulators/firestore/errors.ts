import { status } from '@grpc/grpc-js';

/** A refusal with the gRPC code and the text that Firestore's clients see. */
export class Refusal extends Error {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }
}

export const invalid = (details: string): Refusal => new Refusal(status.INVALID_ARGUMENT, details);
export const notFound = (details: string): Refusal => new Refusal(status.NOT_FOUND, details);
export const alreadyExists = (details: string): Refusal => new Refusal(status.ALREADY_EXISTS, details);
export const failedPrecondition = (details: string): Refusal => new Refusal(status.FAILED_PRECONDITION, details);
export const aborted = (details: string): Refusal => new Refusal(status.ABORTED, details);
export const unimplemented = (details: string): Refusal => new Refusal(status.UNIMPLEMENTED, details);
