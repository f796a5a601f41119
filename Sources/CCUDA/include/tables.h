// How the tables of functions are declared: a list macro names each function once, for the table and for its loader.

#ifndef CCUDA_TABLES_H
#define CCUDA_TABLES_H

// A member of a table.
#define CCUDA_MEMBER(name, symbol, result, ...) result (*_Nonnull name)(__VA_ARGS__);

#endif
