import type { PushStatus } from '../relay/push-status.js';

/** How the push to one server stands, as the API gives it. What is not known is null. */
export const pushStatus = ({ error, since, ...status }: PushStatus): object => ({
  ...status,
  since: new Date(since).toISOString(),
  error: error ?? null,
});
