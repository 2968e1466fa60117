/** What the HTTP side tells whoever counts. */
export interface HttpObserver {
  /** @param status 0 when the client went away before the answer */
  answered(status: number, bytes: number): void;
}
