import { IPV4_CASES, testLinkTable } from './link-table.ts';

testLinkTable('vt-stock', IPV4_CASES);
