# dask/distributed.py is the same package under another name.
import distributed
