/**
 * Where FRR's gRPC module lies, in the lane `grpc`: everything there is told to FRR by gRPC that can be. Null in all
 * other lanes, which do without it also on a machine that has it.
 */
export const MODULE_FOLDER = process.env.VINET_TEST_FRR_MODULES ?? null;

/** For `openFrr`. */
export const FRR_MODULES = { moduleFolders: MODULE_FOLDER === null ? [] : [MODULE_FOLDER] };
