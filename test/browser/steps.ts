/** Steps of each training that is compared. */
export const steps = 20;
