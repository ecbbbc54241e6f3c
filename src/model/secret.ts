import { inspect } from 'node:util';

/** A credential in memory. Printing, logging, inspecting or serialising it gives `[secret]`; `use` is the only way in. */
export class Secret {
  readonly #value: string;
  /** The full resource name of the version, for the trail: `projects/p/secrets/s/versions/3`. */
  readonly version: string;

  constructor(value: string, version: string) {
    this.#value = value;
    this.version = version;
  }

  use<T>(reader: (value: string) => T): T {
    return reader(this.#value);
  }

  toString() {
    return '[secret]';
  }

  toJSON() {
    return '[secret]';
  }

  [inspect.custom]() {
    return '[secret]';
  }
}

/** Thrown by a target that could not log in with the secret it was given, before anything was run. The secret is then read anew, once. */
export class CredentialRejected extends Error {
  constructor(options?: ErrorOptions) {
    super('The target does not accept the credential.', options);
    this.name = 'CredentialRejected';
  }
}
