"""The methods that GenRe is compared with, one file a method, or a folder where one file is not enough."""
