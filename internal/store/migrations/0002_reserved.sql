-- Nothing: the number is taken.
DELETE FROM settings WHERE 1 = 0;
