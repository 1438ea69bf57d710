import { ALL_CASES, testLinkTable } from './link-table.ts';

testLinkTable('vt-links', ALL_CASES);
