import { findFreePort, isFree } from './free-port.ts';
import type { LabPlan } from './lab-layout.ts';
import { findProcesses, labServers } from './lab-process.ts';

export const FIRST_REST_PORT = 9340;

/**
 * The same lab, with the next free ports for those of its processes that do not run and whose port somebody
 * else took meanwhile; the very same plan when there is none such.
 */
export async function moveTakenPorts(plan: LabPlan): Promise<LabPlan> {
  const running = findProcesses(labServers(plan));
  const isTaken = async (name: string, port: number) => !running.has(name) && !(await isFree(port));
  const restPort = (await isTaken('controller', plan.restPort))
    ? await findFreePort(FIRST_REST_PORT, plan.metricsPorts)
    : plan.restPort;
  const metricsPorts = [...plan.metricsPorts];
  for (const [index, port] of plan.metricsPorts.entries()) {
    if (await isTaken(`n${index + 1}`, port))
      metricsPorts[index] = await findFreePort(port + 1, [restPort, ...metricsPorts]);
  }
  const moved =
    restPort !== plan.restPort || metricsPorts.some((port, index) => port !== plan.metricsPorts[index]);
  return moved ? { ...plan, restPort, metricsPorts } : plan;
}
