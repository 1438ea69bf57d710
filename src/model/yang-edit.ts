/** A change of a configuration in YANG: a path with the names of FRR's modules (RFC 7950, 6.4), and its new value. */
export interface YangEdit {
  readonly path: string;
  /** Empty for what has no value, such as an entry of a list; null deletes it with all that is in it. */
  readonly value: string | null;
}
