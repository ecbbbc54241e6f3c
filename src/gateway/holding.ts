/** The reply; the place that was taken is left at once, but where the answer is still to be read. */
export async function holding<R extends { state: string } | undefined>(
  leave: () => void,
  work: (leave: () => void) => Promise<R>,
): Promise<R> {
  let reply: R | undefined;
  try {
    reply = await work(leave);
    return reply;
  } finally {
    if (reply?.state !== 'done') leave();
  }
}
