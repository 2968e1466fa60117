/** What is to be known of an access unit beside its time. */
export interface VideoUnitShape {
  /** Decoding may begin here: AVC IDR, HEVC IRAP (IDR, CRA, BLA), AV1 and VP9 key frame. */
  readonly keyframe: boolean;
  /** A HEVC RASL picture: shown before a CRA or BLA picture that it follows, and lost where decoding begins at that one. */
  readonly skippedAtStart: boolean;
}
