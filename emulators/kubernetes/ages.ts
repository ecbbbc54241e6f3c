const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, as kubectl's users are used to it: at most two units, fewer the longer it is (`duration.HumanDuration`). */
export function ageOf(timestamp: string, now: Date): string {
  const since = Date.parse(timestamp);
  if (Number.isNaN(since)) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now.getTime() - since) / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return two(seconds, MINUTE, 'm', 1, 's');
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return two(seconds, HOUR, 'h', MINUTE, 'm');
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return two(seconds, DAY, 'd', HOUR, 'h');
  if (seconds < 730 * DAY) return `${Math.floor(seconds / DAY)}d`;
  return two(seconds, 365 * DAY, 'y', DAY, 'd');
}

function two(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${largeUnit}${rest === 0 ? '' : `${rest}${smallUnit}`}`;
}
