// The losses of single tasks, which live in core: heads use them too.
export * from '@taskloom/core/losses';
