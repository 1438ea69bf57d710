/** Alias of `lo` in every namespace that the product made, and of its VRFs. */
export const NAMESPACE_MARK = 'vinet';
