/** Each item as it is asked for. No generator: one that was never started would not pass on that its reader has left. */
export function mapItems<From, To>(items: AsyncIterable<From>, map: (item: From) => To): AsyncIterable<To> {
  return {
    [Symbol.asyncIterator]() {
      const source = items[Symbol.asyncIterator]();
      const leave = async (): Promise<IteratorResult<To>> => {
        await source.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          const step = await source.next();
          if (step.done) return step;
          try {
            return { done: false, value: map(step.value) };
          } catch (error) {
            await leave();
            throw error;
          }
        },
        return: leave,
      };
    },
  };
}
