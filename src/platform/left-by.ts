import type { Message } from '../model/result.ts';

/**
 * The messages of a connection. Leaving ends the connection first, as what waits for the other side's next message would wait
 * for ever.
 */
export function leftBy(
  said: () => AsyncGenerator<Message, undefined>,
  leave: () => void | Promise<void>,
): AsyncIterable<Message> {
  return {
    [Symbol.asyncIterator]() {
      const messages = said();
      return {
        next: () => messages.next(),
        async return() {
          await leave();
          return messages.return(undefined);
        },
      };
    },
  };
}
